import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from core.migration_operations import CreateTables, protect


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        CreateTables(
            models=[
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('email', models.EmailField(max_length=254)),
                        ('name', models.CharField(max_length=120)),
                        ('is_active', models.BooleanField(default=True)),
                        ('reminders_by_mail', models.BooleanField(default=True, help_text='reminders of next steps and due times come by mail too')),
                        ('digest_by_mail', models.BooleanField(default=True, help_text="the team's digest comes by mail every working morning")),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='accounts_user_email_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Team',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120, unique=True)),
                        ('side', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('joint', 'Both teams')], max_length=9)),
                        ('retired', models.BooleanField(default=False)),
                    ],
                ),
                migrations.CreateModel(
                    name='Membership',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                        ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='accounts.team')),
                        ('role', models.CharField(choices=[('administrator', 'Administrator'), ('funnel_owner', 'Funnel owner'), ('team_lead', 'Team lead'), ('rep', 'Rep'), ('viewer', 'Viewer (read only)')], max_length=13)),
                        ('from_day', models.DateField()),
                        ('until_day', models.DateField(blank=True, null=True)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('until_day__isnull', True), ('until_day__gt', models.F('from_day')), _connector='OR'), name='accounts_membership_lasts'), models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['team_lead', 'rep']), _negated=True), ('team__isnull', False), _connector='OR'), name='accounts_team_roles_have_a_team'), models.UniqueConstraint(condition=models.Q(('role', 'funnel_owner'), ('until_day__isnull', True)), fields=('role',), name='accounts_one_funnel_owner')],
                    },
                ),
                migrations.CreateModel(
                    name='Absence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='absences', to=settings.AUTH_USER_MODEL)),
                        ('from_day', models.DateField()),
                        ('to_day', models.DateField()),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'indexes': [models.Index(fields=['to_day', 'from_day'], name='accounts_absence_by_day')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('to_day__gte', models.F('from_day'))), name='accounts_absence_lasts'), models.UniqueConstraint(fields=('user', 'from_day', 'to_day'), name='accounts_absence_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ApiToken',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to=settings.AUTH_USER_MODEL)),
                        ('name', models.CharField(max_length=60)),
                        ('prefix', models.CharField(help_text='shown so that a person can tell tokens apart', max_length=12)),
                        ('digest', models.CharField(max_length=64, unique=True)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('revoked_at', models.DateTimeField(blank=True, null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Invite',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('email', models.EmailField(max_length=254)),
                        ('role', models.CharField(choices=[('administrator', 'Administrator'), ('funnel_owner', 'Funnel owner'), ('team_lead', 'Team lead'), ('rep', 'Rep'), ('viewer', 'Viewer (read only)')], max_length=13)),
                        ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team')),
                        ('digest', models.CharField(max_length=64, unique=True)),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('used_at', models.DateTimeField(blank=True, null=True)),
                        ('revoked_at', models.DateTimeField(blank=True, null=True)),
                        ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                ),
                migrations.CreateModel(
                    name='ConsoleEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('area', models.CharField(choices=[('agreement', 'Agreement'), ('people', 'People'), ('organisation', 'Organisation')], max_length=12)),
                        ('text', models.TextField()),
                        ('version', models.PositiveIntegerField(blank=True, help_text="number of the agreement's version", null=True)),
                        ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'indexes': [models.Index(fields=['-recorded_at'], name='accounts_console_newest')],
                    },
                ),
                migrations.CreateModel(
                    name='IdempotentRequest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('key', models.CharField(max_length=255)),
                        ('digest', models.CharField(help_text='SHA-256 of method, path and body', max_length=64)),
                        ('attempt', models.PositiveIntegerField(default=1)),
                        ('claimed_at', models.DateTimeField()),
                        ('created_at', models.DateTimeField()),
                        ('status', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('headers', models.JSONField(default=dict)),
                        ('body', models.TextField(blank=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['created_at'], name='accounts_idempotent_by_age')],
                        'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='accounts_idempotent_key_once')],
                    },
                ),
            ],
        ),
        *protect("accounts_consoleevent"),
    ]
